export interface InspectorOptions {
  /** The TCP port; 0: any that is free. Default 4653. */
  readonly port?: number;
  /** The address to listen on. Default "127.0.0.1". Other than on this machine alone only with a `token`. */
  readonly host?: string;
  /** What every request must bring, from then on: 16 to 256 characters, without spaces. Default: none. */
  readonly token?: string;
  /** What the page is called. Default "Holdfast". */
  readonly title?: string;
}
