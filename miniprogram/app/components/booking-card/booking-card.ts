import type { BookingView } from '../../utils/bookings';

/** One booking with its state. Fires `cancel` with `{id}`. */
Component({
  properties: {
    booking: { type: Object, value: {} as BookingView },
    /** On the first page a booking is only shown; it is cancelled on its own page. */
    plain: Boolean,
    /** Outlined: this is the one that was asked for. */
    marked: Boolean,
  },
  methods: {
    cancel() {
      this.triggerEvent('cancel', { id: this.data.booking.id });
    },
  },
});
