/** Imported first: libraries that have a development build look at this when they are loaded. */
process.env.NODE_ENV = "production";
