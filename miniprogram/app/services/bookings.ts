import { get, post } from './http';
import { forgetKept } from './kept';
import { getAll } from './lists';
import type { Booking, Centre, Quota, Slot, SlotKind } from './types';

export interface SlotSearch {
  childId: number;
  centreId: number;
  kind?: SlotKind;
}

/** Whose centres come first, and for which age sessions are counted. A position is never asked for. */
export interface CentreSearch {
  ownTown?: string;
  ageMonths?: number;
}

export function centres({ ownTown, ageMonths }: CentreSearch = {}): Promise<Centre[]> {
  return getAll<Centre>('/centres', {
    query: { own_town: ownTown, age_months: ageMonths },
    anonymous: true,
    keepAs: `centres:${ownTown ?? 'all'}`,
  });
}

export function slots(search: SlotSearch): Promise<Slot[]> {
  return getAll<Slot>('/slots', {
    query: { child_id: search.childId, centre_id: search.centreId, kind: search.kind },
  });
}

/** After one of them was written, what the phone kept of bookings and lines is not true any more. */
export async function written<T>(answer: Promise<T>): Promise<T> {
  const done = await answer;
  for (const name of ['bookings', 'waiting', 'quota:', 'visit:']) forgetKept(name);
  return done;
}

/** `key` comes from newKey(), one for each time the confirm sheet opens. */
export function book(childId: number, slotId: number, key: string): Promise<Booking> {
  return written(post<Booking>('/bookings', { child_id: childId, slot_id: slotId }, key));
}

export function bookings(): Promise<Booking[]> {
  return getAll<Booking>('/bookings', { keepAs: 'bookings' });
}

export function cancelBooking(id: number): Promise<Booking> {
  return written(post<Booking>(`/bookings/${id}/cancel`));
}

/** The free sessions of one child in one calendar year of the city; without a year, in this one. */
export function quota(childId: number, year?: number): Promise<Quota> {
  return get<Quota>(`/children/${childId}/quota`, {
    query: { year },
    keepAs: `quota:${childId}:${year ?? 'now'}`,
  });
}
