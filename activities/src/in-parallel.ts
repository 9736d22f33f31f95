/** Acts on all items, so many at a time, in their order. Rejects with the first failure, beginning nothing further. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++)
      await act(items[at] as T).catch((error: unknown) => {
        next = items.length;
        throw error;
      });
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}
