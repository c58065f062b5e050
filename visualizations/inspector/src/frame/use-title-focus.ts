import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** If the view replaces the list, its title takes over the focus. */
export function useTitleFocus(): RefObject<HTMLHeadingElement> {
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const list = document.querySelector<HTMLElement>(".locks-view");
    if (list === null || list.offsetParent === null) title.current?.focus();
  }, []);
  return title;
}
