import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";

/** Time in ms without a frame after which a process counts as silent; processes send a beat every second. */
const silenceTimeout = 4_000;

/** `now`: epoch ms by the observer's clock. */
export const isSilent = ({ receivedAt, closed }: SourceView, now: number): boolean =>
  !closed && now - receivedAt > silenceTimeout;
