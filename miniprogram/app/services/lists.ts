import { get, type GetOptions } from './http';
import type { List } from './types';

const MOST_PAGES = 10;

/** Follows `next` until the list ends, so that a page can show and group the whole of it at once. */
export async function getAll<T>(path: string, options: GetOptions = {}): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { ...options.query, after };
    const keepAs: string | undefined =
      options.keepAs && (page ? `${options.keepAs}:${page}` : options.keepAs);
    const list: List<T> = await get<List<T>>(path, { ...options, query, keepAs });
    items.push(...list.items);
    if (!list.next) break;
    after = list.next;
  }
  return items;
}
