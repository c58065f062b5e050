/** A logger with pino's interface: each method takes an object and then a message. */
interface FieldsFirstLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** NestJS's logger: each method takes a message and then an object, and `log` stands for `info`. */
interface MessageFirstLogger {
  debug?(message: string, fields: object): void;
  log(message: string, fields: object): void;
  warn(message: string, fields: object): void;
  error(message: string, fields: object): void;
}

/**
 * The logger of a program: one of pino's kind (pino, bunyan, `console`), a winston logger, or one of NestJS's kind, which
 * has `log` instead of `info`. Winston and NestJS get the message first, and then the fields.
 */
export type Logger = FieldsFirstLogger | MessageFirstLogger;
