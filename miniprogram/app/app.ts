import { startWatchingNetwork } from './services/network';

App({
  onLaunch() {
    startWatchingNetwork();
  },
});
