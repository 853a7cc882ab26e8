import { written } from './bookings';
import { post, remove } from './http';
import { getAll } from './lists';
import type { Booking } from './types';
import type { Waiting } from './visit-types';

export function lines(): Promise<Waiting[]> {
  return getAll<Waiting>('/waiting', { keepAs: 'waiting' });
}

/** `key`: one for each time the sheet opens. */
export function joinLine(slotId: number, childId: number, key: string): Promise<Waiting> {
  return written(post<Waiting>(`/slots/${slotId}/waiting`, { child_id: childId }, key));
}

export async function leaveLine(id: number): Promise<void> {
  await written(remove(`/waiting/${id}`));
}

export function acceptOffer(id: number, key: string): Promise<Booking> {
  return written(post<Booking>(`/waiting/${id}/accept`, {}, key));
}
