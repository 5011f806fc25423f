// Starts a comparison and follows it; the page is loaded again when it has ended.
import { ask, onSubmit, say } from "./app.js";

function told(place, job) {
  const words = place.querySelector(".progress-words");
  const bar = place.querySelector("progress");
  bar.hidden = false;
  if (job.total) {
    bar.max = job.total;
    bar.value = job.done;
    words.textContent = `${job.done} of ${job.total} recordings`;
  } else {
    words.textContent = job.state === "queued" ? "waiting for its turn" : "reading the study";
  }
}

function follow(place, id) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`/v1/jobs/${id}/events`);
    source.addEventListener("progress", (event) => told(place, JSON.parse(event.data)));
    source.addEventListener("ended", (event) => {
      source.close();
      const job = JSON.parse(event.data);
      if (job.state === "done") resolve(job);
      else reject(new Error(job.problem ? job.problem.detail : "The comparison was called off."));
    });
  });
}

const reload = () => {
  say("The comparison has ended.");
  location.reload();
};

for (const form of document.querySelectorAll("[data-compare]")) {
  onSubmit(form, async () => {
    const answer = await ask("POST", `/v1/studies/${form.dataset.compare}/comparisons`);
    const job = await answer.json();
    told(form, job);
    await follow(form, job.id);
    reload();
  });
}

const under = document.querySelector("[data-job]");
if (under) follow(under, under.dataset.job).then(reload, reload);

