import { getAll } from './lists';
import type { NursingRoom } from './types';

/** The nursing rooms of a town, of the whole city without one; read without a token. */
export function nursingRooms(town?: string): Promise<NursingRoom[]> {
  return getAll<NursingRoom>('/nursing-rooms', {
    query: { town },
    anonymous: true,
    keepAs: `rooms:${town || 'all'}`,
  });
}
