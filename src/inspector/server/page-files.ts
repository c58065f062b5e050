export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  /** The name changes with the content. */
  readonly immutable: boolean;
}

/** The files by the path of their request. Other paths cannot be requested, whatever they contain. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** The texts of the page's files by the path of their request. */
export type PageContent = Readonly<Record<string, string>>;

/** All files of the page are texts. */
const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The type of a file of the page; undefined if the file is not part of the page. */
export const typeOf = (path: string): string | undefined => types[path.slice(path.lastIndexOf(".") + 1)];

export function pageFilesOf(content: PageContent): PageFiles {
  const files = new Map<string, PageFile>();
  for (const [path, text] of Object.entries(content)) {
    const type = typeOf(path);
    if (type === undefined) throw new Error(`the page contains ${path}, which is of an unknown type`);
    files.set(path, { body: Buffer.from(text), type, immutable: path.startsWith("/assets/") });
  }
  return files;
}
