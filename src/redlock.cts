/// <reference lib="esnext.disposable" preserve="true" />

/** The CommonJS version of redlock.ts: `require` returns the class itself. */
import names = require("./redlock/names.js");
import Redlock = names.Redlock;

export = Redlock;
