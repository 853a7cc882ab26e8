import { isOffline, watchNetwork } from '../../services/network';

/** Draws the four conditions of a page: loading, empty, error, ready (the slot); and 当前离线 above any of them. */
Component({
  properties: {
    status: { type: String, value: 'loading' },
    /** The sentence of an error. */
    message: String,
    emptyTitle: String,
    emptyText: String,
    /** The next step out of emptiness; without it no button is drawn. */
    emptyAction: String,
    art: { type: String, value: 'sprout' },
    /** Inside another state-view, which draws the line about being offline. */
    nested: Boolean,
    /** Shape of the loading skeleton: cards or article. */
    shape: { type: String, value: 'cards' },
  },
  data: { offline: false, ghosts: ['one', 'two', 'three'] },
  lifetimes: {
    attached() {
      this.setData({ offline: isOffline() });
      this.stopWatching = watchNetwork((offline) => this.onNetwork(offline));
    },
    detached() {
      this.stopWatching();
    },
  },
  methods: {
    stopWatching() {
      // replaced while the component is on the page
    },
    onNetwork(offline: boolean) {
      this.setData({ offline });
      if (!offline && this.data.status === 'error') this.triggerEvent('retry');
    },
    retry() {
      this.triggerEvent('retry');
    },
    act() {
      this.triggerEvent('action');
    },
  },
});
