import { get } from './http';
import { getAll } from './lists';
import type { Guide, GuideSummary, Series } from './types';

export interface GuideSearch {
  /** Age in days since birth; left out, guides for every age are listed. */
  ageDays?: number;
  series?: Series;
  words?: string;
}

export function guides(search: GuideSearch): Promise<GuideSummary[]> {
  const { ageDays, series, words } = search;
  // a search is not kept: only the lists that a parent opens again and again
  const keepAs = words
    ? undefined
    : `guides:${series ?? 'all'}:${ageDays === undefined ? 'every-age' : 'age'}`;
  return getAll<GuideSummary>('/guides', {
    query: { age_days: ageDays, series, q: words },
    anonymous: true,
    keepAs,
  });
}

export function guide(slug: string): Promise<Guide> {
  return get<Guide>(`/guides/${encodeURIComponent(slug)}`, {
    anonymous: true,
    keepAs: `guide:${slug}`,
  });
}
