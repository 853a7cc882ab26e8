Component({
  options: { multipleSlots: true },
  properties: { title: String },
  data: { taps: 0 },
  methods: {
    press() {
      this.setData({ taps: this.data.taps + 1 });
      this.triggerEvent('open', { taps: this.data.taps });
    },
  },
});
