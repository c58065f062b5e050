/** What separates the name of a semaphore from the number of a permit. Few resources contain it by chance. */
const mark = ":holdfast-permit";

/** What a Redis Cluster hashes of a key: the text between the first "{" and the next "}", unless it is empty. */
const hashTag = /^[^{]*\{[^}]+\}/;

/**
 * The resource that stands for a whole semaphore: its waiters queue there. The resources of all permits have the same hash tag,
 * so that they are in one hash slot of a Cluster.
 */
export const semaphoreResource = (name: string): string =>
  `${hashTag.test(name) ? name : `{${name}}`}${mark}`;

/** The resource of one permit, counted from 1. */
export const permitResource = (semaphore: string, permit: number): string => `${semaphore}:${permit}`;

/** The key or resource of the semaphore that this key or resource is a permit of. Others are returned as they are. */
export function semaphoreKey(key: string): string {
  const at = key.lastIndexOf(mark);
  return at >= 0 && /^:\d+$/.test(key.slice(at + mark.length)) ? key.slice(0, at + mark.length) : key;
}

/** The number of a permit; NaN for a key that is not one of a permit. */
export const permitNumber = (key: string): number =>
  Number(key.slice(semaphoreKey(key).length + 1) || Number.NaN);

/** The name of a semaphore, as it is shown, from the resource of one of its permits. Null if it is not a permit. */
export function semaphoreName(resource: string): string | null {
  const shared = semaphoreKey(resource);
  if (shared === resource) return null;
  const name = shared.slice(0, -mark.length);
  return /^\{[^}]+\}$/.test(name) ? name.slice(1, -1) : name;
}
