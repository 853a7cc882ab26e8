import { open } from '../../utils/navigation';
import type { BookingView } from '../../utils/bookings';

/** One booking with its state. Fires `cancel` with `{id}`; opens its pass and its own page. */
Component({
  properties: {
    booking: { type: Object, value: {} as BookingView },
    /** On the first page a booking is only shown; it is cancelled on its own page. */
    plain: Boolean,
    /** Outlined: this is the one that was asked for. */
    marked: Boolean,
  },
  methods: {
    pass() {
      open(`/pages/pass/pass?id=${this.data.booking.id}`);
    },
    details() {
      open(`/pages/visit/visit?id=${this.data.booking.id}`);
    },
    cancel() {
      this.triggerEvent('cancel', { id: this.data.booking.id });
    },
  },
});
