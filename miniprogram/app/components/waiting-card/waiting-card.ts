import type { WaitingView } from '../../utils/waiting';

/** One place in line. Fires `accept` and `leave` with `{id}`. */
Component({
  properties: {
    entry: { type: Object, value: {} as WaitingView },
    /** Outlined: this is the one that was asked for. */
    marked: Boolean,
    busy: Boolean,
  },
  methods: {
    accept() {
      this.triggerEvent('accept', { id: this.data.entry.id });
    },
    leave() {
      this.triggerEvent('leave', { id: this.data.entry.id });
    },
  },
});
