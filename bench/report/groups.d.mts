export function groupsReport(result: object): string[];
