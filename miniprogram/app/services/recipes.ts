import { get } from './http';
import { readKept } from './kept';
import { getAll } from './lists';
import type { Recipe, RecipeSummary } from './library-types';

/** All of them: they are few, and chosen from on the phone, also without a network. */
export function recipes(): Promise<RecipeSummary[]> {
  return getAll<RecipeSummary>('/recipes', { anonymous: true, keepAs: 'recipes' });
}

export function recipe(slug: string): Promise<Recipe> {
  return get<Recipe>(`/recipes/${encodeURIComponent(slug)}`, {
    anonymous: true,
    keepAs: `recipe:${slug}`,
  });
}

/** As it was read before on this phone. */
export function keptRecipe(slug: string): Recipe | null {
  return readKept<Recipe>(`recipe:${slug}`)?.body ?? null;
}
