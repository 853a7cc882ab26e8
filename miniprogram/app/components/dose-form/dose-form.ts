import { fullDayText } from '../../utils/dates';

/**
 * When, where and from which batch a dose was given. Fires `save` with `{doneOn, place, batch}`, and
 * `cancel` where something stands already.
 */
Component({
  properties: {
    birthDate: String,
    today: String,
    doneOn: { type: String, observer: 'show' },
    place: { type: String, observer: 'show' },
    batch: { type: String, observer: 'show' },
    /** Where something was given last time; offered as long as no place is typed. */
    lastPlace: String,
    text: String,
    editing: Boolean,
    busy: Boolean,
    problem: String,
  },
  data: { day: '', dayText: '', typedPlace: '', typedBatch: '' },
  lifetimes: {
    attached() {
      this.show();
    },
  },
  methods: {
    show() {
      const { doneOn, today, place, batch } = this.data;
      const day = doneOn || today;
      this.setData({ day, dayText: day ? fullDayText(day) : '' });
      this.setData({ typedPlace: place || '', typedBatch: batch || '' });
    },
    chooseDate(event: WechatMiniprogram.PickerChange) {
      const day = String(event.detail.value);
      this.setData({ day, dayText: fullDayText(day) });
    },
    typePlace(event: WechatMiniprogram.Input) {
      this.setData({ typedPlace: event.detail.value });
    },
    typeBatch(event: WechatMiniprogram.Input) {
      this.setData({ typedBatch: event.detail.value });
    },
    useLastPlace() {
      this.setData({ typedPlace: this.data.lastPlace });
    },
    save() {
      const { day, typedPlace, typedBatch } = this.data;
      this.triggerEvent('save', {
        doneOn: day,
        place: typedPlace.trim(),
        batch: typedBatch.trim(),
      });
    },
    cancel() {
      this.triggerEvent('cancel');
    },
  },
});
