/** Whether the service can be reached, as last seen by a request or told by the phone. */

type Listener = (offline: boolean) => void;

let offline = false;
let told = 0; // how often the phone has said whether it has a network
const listeners = new Set<Listener>();

function change(now: boolean): void {
  if (now === offline) return;
  offline = now;
  for (const listener of [...listeners]) listener(now);
}

export function isOffline(): boolean {
  return offline;
}

/** Called before an exchange; what it gives back goes to `reached`. */
export function asking(): number {
  return told;
}

/**
 * Called after every exchange. One that began before the phone last said something is no news: its
 * answer may have lain in a queue while the network went, and its failure while it came back.
 */
export function reached(yes: boolean, since: number): void {
  if (since === told) change(!yes);
}

export function toldByPhone(connected: boolean): void {
  told += 1;
  change(!connected);
}

/** Tells `listener` of every change; returns the way to stop that. */
export function watchNetwork(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function startWatchingNetwork(): void {
  wx.onNetworkStatusChange(({ isConnected }) => toldByPhone(isConnected));
}
