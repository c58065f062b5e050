import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Inspector } from "./inspector.js";

export const InspectorContext = createContext<Inspector | null>(null);

export function useInspector(): Inspector {
  const inspector = useContext(InspectorContext);
  if (inspector === null) throw new Error("There is no inspector around this component");
  return inspector;
}
