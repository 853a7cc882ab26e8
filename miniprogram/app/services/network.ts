/** Whether the service can be reached, as last seen by a request or told by the phone. */

type Listener = (offline: boolean) => void;

let offline = false;
const listeners = new Set<Listener>();

function change(now: boolean): void {
  if (now === offline) return;
  offline = now;
  for (const listener of [...listeners]) listener(now);
}

export function isOffline(): boolean {
  return offline;
}

/** Called by http.ts after every exchange. */
export function reached(yes: boolean): void {
  change(!yes);
}

/** Tells `listener` of every change; returns the way to stop that. */
export function watchNetwork(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function startWatchingNetwork(): void {
  wx.onNetworkStatusChange(({ isConnected }) => change(!isConnected));
}
