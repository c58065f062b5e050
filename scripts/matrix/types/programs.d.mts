export const esm: string;
export const commonjs: string;
