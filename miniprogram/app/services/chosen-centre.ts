/** The centre that was chosen for a child, until the mini-program is closed. */

import type { Centre } from './types';

const chosen = new Map<number, number>();

export function chooseCentre(childId: number, centreId: number): void {
  chosen.set(childId, centreId);
}

/** What was chosen, else the first one in the child's town, else none. */
export function chosenCentre(all: Centre[], childId: number, town: string): Centre | null {
  const wanted = chosen.get(childId);
  return (
    all.find(({ id }) => id === wanted) ?? all.find(({ town_code }) => town_code === town) ?? null
  );
}
