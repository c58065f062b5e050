/** Must be imported first: libraries with a development build read NODE_ENV when they are loaded. */
process.env.NODE_ENV = "production";
