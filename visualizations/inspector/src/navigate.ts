import { hashOf, type Route } from "./model/route.js";

export function navigate(route: Route): void {
  location.hash = hashOf(route);
}
