import { forgetToken, get, post, put, remove } from './http';
import { forgetKept } from './kept';
import { getAll } from './lists';
import { forgetRemembered } from './remembered';
import type {
  AcceptedDocument,
  Child,
  Consents,
  Correction,
  Departure,
  Invitation,
  Me,
  NewChild,
  Purpose,
  Relation,
  Town,
} from './types';

const CHOSEN = 'chosen-child';

export function me(): Promise<Me> {
  return get<Me>('/me', { keepAs: 'me' });
}

/** `code`: of the phone button; the server redeems it at WeChat. */
export function keepPhone(code: string): Promise<Me> {
  return post<Me>('/me/phone', { code });
}

export function forgetPhone(): Promise<Me> {
  return remove<Me>('/me/phone');
}

export function children(): Promise<Child[]> {
  return getAll<Child>('/children', { keepAs: 'children' });
}

export function chooseChild(id: number): void {
  wx.setStorageSync(CHOSEN, id);
}

/** The child that was chosen last on this phone, else the first that lives in the city. */
export function chosenChild(all: Child[]): Child | null {
  const id: unknown = wx.getStorageSync(CHOSEN);
  const chosen = all.find((child) => child.id === id);
  return chosen ?? all.find((child) => !child.departure) ?? all[0] ?? null;
}

/** `key`: one for each filled form, so that a repeated tap registers one child. */
export async function registerChild(child: NewChild, key: string): Promise<Child> {
  const made = await post<Child>('/children', child, key);
  chooseChild(made.id);
  return made;
}

/** Raises ApiError identity_fixed when who the child is was to change after the first day. */
export function correctChild(childId: number, correction: Correction): Promise<Child> {
  return put<Child>(`/children/${childId}`, correction);
}

export function invite(childId: number): Promise<Invitation> {
  return post<Invitation>(`/children/${childId}/invitations`);
}

export async function acceptInvitation(code: string, relation: Relation): Promise<Child> {
  const child = await post<Child>(`/invitations/${encodeURIComponent(code)}/accept`, { relation });
  chooseChild(child.id);
  return child;
}

/** From now on nothing is sent or booked for the child; its book stays readable. */
export function depart(childId: number, kind: Departure): Promise<Child> {
  return put<Child>(`/children/${childId}/departure`, { kind });
}

/** Raises ApiError departure_final when it is too late to take it back here. */
export function comeBack(childId: number): Promise<Child> {
  return remove<Child>(`/children/${childId}/departure`);
}

/** Everything that is kept about the child, as the office would hand it over. */
export function exportChild(childId: number): Promise<object> {
  return get<object>(`/children/${childId}/export`);
}

/** Leaves the child; with the last guardian its records go. */
export async function deleteChild(childId: number): Promise<void> {
  await remove(`/children/${childId}`);
  forgetKept();
}

/** Leaves every child and forgets this parent. */
export async function closeAccount(): Promise<void> {
  await remove('/me');
  forgetToken();
  forgetKept();
  forgetRemembered();
}

export function consents(): Promise<Consents> {
  return get<Consents>('/consents', { keepAs: 'consents' });
}

export function giveConsents(accept: AcceptedDocument[]): Promise<Consents> {
  return post<Consents>('/consents', { accept });
}

export function withdrawConsent(purpose: Purpose): Promise<Consents> {
  return remove<Consents>(`/consents/${purpose}`);
}

export function towns(): Promise<Town[]> {
  return getAll<Town>('/towns', { anonymous: true, keepAs: 'towns' });
}
