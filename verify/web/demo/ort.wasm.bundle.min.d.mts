// What the page uses of onnxruntime-web, whose bundle build.mjs puts beside it.
export const env: { wasm: { numThreads?: number } };
export const InferenceSession: { create(bytes: Uint8Array, options?: object): Promise<unknown> };
export const Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown;
