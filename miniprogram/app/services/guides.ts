import { get } from './http';
import { getAll } from './lists';
import type { Guide, GuideSummary } from './types';

export interface GuideSearch {
  /** Age in days since birth; left out, guides for every age are listed. */
  ageDays?: number;
  words?: string;
}

export function guides(search: GuideSearch): Promise<GuideSummary[]> {
  const { ageDays, words } = search;
  // a search is not kept: only the lists that a parent opens again and again
  const keepAs = words ? undefined : `guides:${ageDays === undefined ? 'every-age' : 'age'}`;
  return getAll<GuideSummary>('/guides', {
    query: { age_days: ageDays, q: words },
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
