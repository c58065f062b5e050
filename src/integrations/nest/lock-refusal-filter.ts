import { type ArgumentsHost, Catch, type ExceptionFilter } from "@nestjs/common";
import {
  AcquireTimeoutError,
  LockContendedError,
  ManagerClosedError,
  OverloadedError,
  QuorumUnavailableError,
} from "../../errors.js";
import { refusalOf } from "../http/refusal.js";

/** What the responses of Express and of Fastify have in common. */
interface HttpResponse {
  status(code: number): HttpResponse;
  header(name: string, value: string): HttpResponse;
  send(body: string): unknown;
}

/**
 * Answers a request whose lock is held by somebody else with 409 and `Retry-After` from the holder's remaining time, and with 503
 * if too few nodes answer. Without it, Nest answers with 500. Works with Express and Fastify.
 */
export class LockRefusalFilter implements ExceptionFilter {
  catch(error: Error, host: ArgumentsHost): void {
    const refusal = refusalOf(error, 409);
    if (refusal === null || host.getType() !== "http") throw error;
    const response = host.switchToHttp().getResponse<HttpResponse>();
    response.status(refusal.status);
    for (const [name, value] of Object.entries(refusal.headers)) response.header(name, value);
    response.send(refusal.body);
  }
}

Catch(
  LockContendedError,
  AcquireTimeoutError,
  QuorumUnavailableError,
  OverloadedError,
  ManagerClosedError,
)(LockRefusalFilter);
