import { apiBase } from './base';
import { get } from './http';
import { readKept } from './kept';
import { getAll } from './lists';
import type { Band, Found, Guide, GuideSummary, Series } from './library-types';

export interface GuideChoice {
  /** Age in days since birth: what fits that day, best first. */
  ageDays?: number;
  band?: Band;
  /** Without it the two books come, not the cards and the service pages. */
  series?: Series;
}

export function guides(choice: GuideChoice = {}): Promise<GuideSummary[]> {
  const { ageDays, band, series } = choice;
  const which = ageDays === undefined ? band || 'every-age' : 'age';
  return getAll<GuideSummary>('/guides', {
    query: { age_days: ageDays, band, series },
    anonymous: true,
    keepAs: `guides:${which}:${series ?? 'books'}`,
  });
}

export function guide(slug: string): Promise<Guide> {
  return get<Guide>(`/guides/${encodeURIComponent(slug)}`, {
    anonymous: true,
    keepAs: `guide:${slug}`,
  });
}

/** As it was read before on this phone. */
export function keptGuide(slug: string): Guide | null {
  return readKept<Guide>(`guide:${slug}`)?.body ?? null;
}

/** Guides and recipes together. Not kept: what is looked for is nobody's business later. */
export function search(words: string, ageDays?: number): Promise<Found> {
  return get<Found>('/search', { query: { q: words, age_days: ageDays }, anonymous: true });
}

export function pictureUrl(name: string, theme: string): string {
  return `${apiBase()}/pictures/${name}${theme === 'dark' ? '-dark' : ''}.svg`;
}
