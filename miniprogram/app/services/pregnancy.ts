/** The pregnancy handbook. Never kept on the phone: who holds it need not learn of it. */

import { get, post, put, remove } from './http';
import type { Dating, Newborn, Pregnancy } from './pregnancy-types';
import type { Child, Invitation, List, Relation } from './types';

export function pregnancy(): Promise<Pregnancy> {
  return get<Pregnancy>('/pregnancy');
}

export function beginPregnancy(dating: Dating): Promise<Pregnancy> {
  return post<Pregnancy>('/pregnancy', dating);
}

export function moveDueDate(dating: Dating): Promise<Pregnancy> {
  return put<Pregnancy>('/pregnancy', dating);
}

export function endPregnancy(): Promise<Pregnancy> {
  return post<Pregnancy>('/pregnancy/end');
}

export function restorePregnancy(): Promise<Pregnancy> {
  return post<Pregnancy>('/pregnancy/restore');
}

/** `key`: one for each filled form, so that a repeated tap makes each book once. */
export async function recordBirth(born: Newborn[], key: string): Promise<Child[]> {
  return (await post<List<Child>>('/pregnancy/birth', { born }, key)).items;
}

export function checkupDone(id: string, day: string): Promise<Pregnancy> {
  return put<Pregnancy>(`/pregnancy/checkups/${id}`, { done_on: day });
}

export function undoCheckup(id: string): Promise<Pregnancy> {
  return remove<Pregnancy>(`/pregnancy/checkups/${id}`);
}

export function keepWeight(day: string, kg: number): Promise<Pregnancy> {
  return put<Pregnancy>(`/pregnancy/weights/${day}`, { kg });
}

export function removeWeight(day: string): Promise<Pregnancy> {
  return remove<Pregnancy>(`/pregnancy/weights/${day}`);
}

/** `startedAt`: an instant with its offset; the same start again is the same count. */
export function keepMovements(startedAt: string, minutes: number, count: number) {
  return post<Pregnancy>('/pregnancy/movements', { started_at: startedAt, minutes, count });
}

export function removeMovements(id: number): Promise<Pregnancy> {
  return remove<Pregnancy>(`/pregnancy/movements/${id}`);
}

/** Everything that is kept about one's pregnancies. */
export function exportPregnancies(): Promise<object> {
  return get<object>('/pregnancy/export');
}

/** A code by which the other parent joins; `relation`: what this one is to the child. */
export function invitePartner(relation: Relation): Promise<Invitation> {
  return post<Invitation>('/pregnancy/invitations', { relation });
}

export function joinPregnancy(code: string, relation: Relation): Promise<Pregnancy> {
  return post<Pregnancy>('/pregnancy/join', { code, relation });
}

/** The partner leaves, or whoever opened it stops sharing. */
export function leavePregnancy(): Promise<Pregnancy> {
  return post<Pregnancy>('/pregnancy/leave');
}
