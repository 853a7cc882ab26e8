/** A button of the whole width, or of its text with `small`. Fires `press` unless busy or disabled. */
Component({
  properties: {
    text: String,
    /** What a screen reader says when the text alone does not tell. */
    label: String,
    /** fill: the one thing to do here; soft: also possible; plain: text only; danger: cannot be undone */
    kind: { type: String, value: 'fill' },
    busy: Boolean,
    disabled: Boolean,
    small: Boolean,
  },
  methods: {
    onTap() {
      if (this.data.busy || this.data.disabled) return;
      this.triggerEvent('press');
    },
  },
});
