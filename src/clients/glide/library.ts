/** The part of Valkey GLIDE's clients that is used here: version 2. */
export interface GlideClient {
  /** The options that the client was created with; private in the library's types. */
  readonly config?: GlideConfiguration;
  readonly isClosed?: boolean;
  customCommand(args: readonly string[], options?: GlideCommandOptions): Promise<unknown>;
  invokeScript(...args: never[]): Promise<unknown>;
  close(): void;
  /** Since version 2.3. */
  subscribe?(channels: ReadonlySet<string>, timeoutMs: number): Promise<void>;
  unsubscribeLazy?(channels: ReadonlySet<string>): Promise<void>;
  readonly socket?: { unref?(): unknown };
}

export interface GlideCommandOptions {
  readonly decoder: number;
  readonly route?: { readonly type: "primarySlotKey"; readonly key: string } | "randomNode";
}

export interface GlideMessage {
  readonly channel: unknown;
  readonly message: unknown;
}

interface GlideConfiguration {
  readonly addresses?: readonly { readonly host: string; readonly port?: number }[];
  readonly databaseId?: number;
}

/** The class of a client, which creates further clients. */
export interface GlideClass {
  createClient(options: object): Promise<GlideClient>;
}

/** `Decoder.String` of the library. */
export const stringDecoder = 1;
