export interface InspectorOptions {
  /** The TCP port; 0 picks any free port. Default 4653. */
  readonly port?: number | undefined;
  /** The address to listen on. An address that other machines can reach requires a `token`. Default "127.0.0.1". */
  readonly host?: string | undefined;
  /**
   * The access token that every request must then present: 16 to 256 ASCII characters, without spaces. Default: none.
   */
  readonly token?: string | undefined;
  /** The page's title. At most 200 characters. Default "Holdfast". */
  readonly title?: string | undefined;
}

export interface InspectorHandlerOptions {
  /**
   * The path of the page in the program's server, such as "/admin/locks". Not needed where the framework takes the path off
   * the request's URL (`app.use(path, handler)` of Express, connect and NestJS). Default: "/".
   */
  readonly basePath?: string | undefined;
  /** The page's title. At most 200 characters. Default "Holdfast". */
  readonly title?: string | undefined;
}
