import { written } from './bookings';
import { get, post } from './http';
import type { Pass, Visit } from './visit-types';

export function visit(id: number): Promise<Visit> {
  return get<Visit>(`/bookings/${id}/visit`, { keepAs: `visit:${id}` });
}

/** What to type at the desk; raises ApiError pass_not_usable, which says from when. */
export function pass(id: number): Promise<Pass> {
  return get<Pass>(`/bookings/${id}/pass`);
}

/** The QR code as SVG. An `<image>` carries no token, so it is fetched here and shown inline. */
export async function passPicture(id: number): Promise<string> {
  const svg = await get<string>(`/bookings/${id}/pass.svg`);
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

export function reconfirm(id: number): Promise<Visit> {
  return written(post<Visit>(`/bookings/${id}/reconfirm`));
}

export function confirmAttendance(id: number): Promise<Visit> {
  return written(post<Visit>(`/bookings/${id}/confirm-attendance`));
}

export function appeal(id: number, words: string): Promise<Visit> {
  return written(post<Visit>(`/bookings/${id}/appeal`, { words }));
}

export function rate(id: number, stars: number, words: string): Promise<Visit> {
  return written(post<Visit>(`/bookings/${id}/rating`, { stars, words }));
}
