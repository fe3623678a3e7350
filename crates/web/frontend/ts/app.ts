// Every page works without this. What is here makes it faster, and only listens on the document,
// so that a fragment that came later needs no setting up.
import "./htmx.ts";
import "./flash.ts";
import "./menus.ts";
import "./dialogs.ts";
import "./selection.ts";
import "./review.ts";
import "./keys.ts";
import "./palette.ts";
import "./drafts.ts";
import "./copy.ts";
import "./download.ts";
import "./upload.ts";
import "./samples.ts";
import "./time.ts";
import "./live.ts";
