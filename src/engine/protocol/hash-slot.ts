import calculateSlot from "cluster-key-slot";
import { Buffer } from "../../support/platform.js";

/** Keys of which a Redis Cluster hashes every byte, although a later "}" follows: their first braces are empty. */
const emptyTag = /^[^{]*\{\}/;

/** The hash slot of a key as stored, prefix included. */
export const slotOf = (key: string): number =>
  // The package takes such a key's text up to a later "}" for its hash tag.
  emptyTag.test(key) ? crc16(Buffer.from(key)) & 0x3fff : calculateSlot(key);

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
