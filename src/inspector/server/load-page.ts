import { type PageFiles, pageFilesOf } from "./page-files.js";

/** The page of this package; empty if it has not been built. Loaded when a page is served. */
export async function loadPage(): Promise<PageFiles> {
  const { pageContent } = await import("./page-content.js");
  return pageFilesOf(pageContent());
}
