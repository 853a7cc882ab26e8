// validatorUrl: the badge of an outside validator would tell another host about us.
window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  validatorUrl: null,
  deepLinking: true,
});
