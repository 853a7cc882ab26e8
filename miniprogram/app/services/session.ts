import { forgetToken, remove, storedToken } from './http';
import { forgetKept } from './kept';
import { forgetRemembered } from './remembered';

/** Leaves this phone: the token is withdrawn, and nothing of the family stays in storage. */
export async function signOut(): Promise<void> {
  try {
    if (storedToken()) await remove('/sessions');
  } finally {
    forgetToken();
    forgetKept();
    forgetRemembered();
  }
}
