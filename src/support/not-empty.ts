/** This type of lists. A list that the compiler knows to be empty has elements of type never, and is refused. */
export type NotEmpty<List extends readonly unknown[]> = List &
  ([List[number]] extends [never] ? never : unknown);
