import { encodePlainReply, plainServerCodec } from "@tallyline/bank-protocol";

const requests = plainServerCodec("line").decoder();
requests.push(new TextEncoder().encode("check_balance\ndeposit 0.50\nwith"));

for (let event = requests.next(); event !== undefined; event = requests.next()) {
  if (event.kind === "message") console.log(event.message);
}
console.log(encodePlainReply({ kind: "deposited", amount: "0.5", balance: "1000.5" }));
