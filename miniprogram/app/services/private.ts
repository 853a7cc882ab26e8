/** What a family gives only for one purpose, each under a consent of its own. */

import { get, post, put, remove } from './http';
import type { Address, Priority, PriorityKind } from './visit-types';

/** Never kept on the phone: who holds it need not learn where the child lives. */
export function address(childId: number): Promise<Address> {
  return get<Address>(`/children/${childId}/address`);
}

export function keepAddress(childId: number, text: string): Promise<Address> {
  return put<Address>(`/children/${childId}/address`, { address: text });
}

export async function forgetAddress(childId: number): Promise<void> {
  await remove(`/children/${childId}/address`);
}

export function priority(childId: number): Promise<Priority> {
  return get<Priority>(`/children/${childId}/priority`);
}

export function askPriority(childId: number, kind: PriorityKind): Promise<Priority> {
  return post<Priority>(`/children/${childId}/priority`, { kind });
}

export async function withdrawPriority(childId: number): Promise<void> {
  await remove(`/children/${childId}/priority`);
}
