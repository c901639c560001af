package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"rtevent"
	"rtevent/client"
	"rtevent/client/rteventtest"
)

func Example() {
	server, err := rteventtest.New() // stands for one that runs somewhere
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, server.Address, &client.Options{Source: "//lab"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ack, err := c.Publish(ctx, rtevent.Event{
		ID: "7", Type: "com.example.door", Topic: "doors.lab", Data: json.RawMessage(`{"open":true}`),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored as number", ack.Cursor.Seq)

	for e, err := range c.Subscribe(ctx, client.Subscription{Topics: []string{"doors.>"}, From: client.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Topic, string(e.Data))
		break
	}
	// Output:
	// stored as number 1
	// doors.lab {"open":true}
}

// The state of the world, and then every change of it, without a gap and without a repeat.
func ExampleClient_Subscribe() {
	server, err := rteventtest.New() // stands for one that runs somewhere
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := client.Dial(ctx, server.Address, &client.Options{Source: "//lab"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for _, e := range []rtevent.Event{
		{ID: "1", Type: "com.example.door", Topic: "doors.lab", Data: json.RawMessage(`"open"`)},
		{ID: "2", Type: "com.example.door", Topic: "doors.hall", Data: json.RawMessage(`"open"`)},
		{ID: "3", Type: "com.example.door", Topic: "doors.lab", Data: json.RawMessage(`"shut"`)},
	} {
		if _, err := c.Publish(ctx, e); err != nil {
			log.Fatal(err)
		}
	}
	doors := client.Subscription{
		Topics: []string{"doors.*"},
		From:   client.State,
		OnLive: func(rtevent.Cursor) { fmt.Println("that is how it is now"); cancel() },
	}
	for e, err := range c.Subscribe(ctx, doors) {
		if err != nil {
			break // cancelled
		}
		fmt.Println(e.Topic, "is", string(e.Data))
	}
	// Output:
	// doors.hall is "open"
	// doors.lab is "shut"
	// that is how it is now
}

// A subscriber keeps the cursor of the last event that it has dealt with, and goes on behind it after a restart.
func ExampleAfter() {
	server, err := rteventtest.New() // stands for one that runs somewhere
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	c, err := client.Dial(ctx, server.Address, &client.Options{Source: "//lab"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	acks, err := c.PublishBatch(ctx, []rtevent.Event{
		{ID: "1", Type: "com.example.door", Topic: "doors.lab"},
		{ID: "2", Type: "com.example.door", Topic: "doors.lab"},
	})
	if err != nil {
		log.Fatal(err)
	}
	dealtWith := acks[0].Cursor
	for e, err := range c.Subscribe(ctx, client.Subscription{From: client.After(dealtWith)}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("next comes", e.ID)
		break
	}
	// Output:
	// next comes 2
}
