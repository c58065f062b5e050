/// <reference lib="esnext.disposable" preserve="true" />

/** The CommonJS face of redlock.ts: `require` gives the class itself. */
import names = require("./redlock/names.js");
import Redlock = names.Redlock;

export = Redlock;
